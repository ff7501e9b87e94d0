/** What Node itself takes to start, and to load a file. */
export async function handler() {
  return { statusCode: 200 };
}
