/** What a Lambda signs with, in its lengths: temporary credentials with a session token. */
export const credentials = {
  accessKeyId: 'ASIAEXAMPLEEXAMPLE00',
  secretAccessKey: 'x'.repeat(40),
  sessionToken: 'IQoJb3JpZ2luX2Vj'.repeat(25),
};
export const REGION = 'us-east-1';
