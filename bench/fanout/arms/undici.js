import { rootCertificates } from 'node:tls';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { URL } from 'node:url';
import { Pool } from 'undici';
import { createSigner } from './signer.js';

/** undici's `dispatch`, the least that it does for a request, over one pool. */
function createDispatcher(isSigned) {
  return async ({ endpoint, payload, concurrency }) => {
    const { body, headers, pathOf, authorize } = createSigner(endpoint, payload);
    const extra = process.env.NODE_EXTRA_CA_CERTS;
    const ca = extra === undefined ? rootCertificates : [readFileSync(extra)];
    const pool = new Pool(new URL(endpoint).origin, {
      connections: concurrency,
      keepAliveTimeout: 60_000,
      connect: { ca },
    });
    const send = (count) =>
      new Promise((resolve, reject) => {
        let [next, done, delivered] = [0, 0, 0];
        const start = () => {
          const path = pathOf(next++);
          let status = 0;
          pool.dispatch(
            {
              path,
              method: 'POST',
              body,
              headers: isSigned ? { ...headers, authorization: authorize(path) } : headers,
            },
            {
              onConnect() {},
              onHeaders: (statusCode) => ((status = statusCode), true),
              onData: () => true,
              onError: reject,
              onComplete: () => {
                if (status === 200) delivered++;
                if (++done === count) resolve(delivered);
                else if (next < count) start();
              },
            },
          );
        };
        for (let index = 0; index < Math.min(concurrency, count); index++) start();
      });
    return { send };
  };
}

export const undiciSigned = createDispatcher(true);
export const undiciUnsigned = createDispatcher(false);
