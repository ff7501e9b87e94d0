import { createServer } from 'node:http';
import { once } from 'node:events';

/** Takes the place of the Management API, and counts what is posted. */
export class ManagementApiStandIn {
  static async start() {
    const standIn = new ManagementApiStandIn();
    standIn.server.listen(0, '127.0.0.1');
    await once(standIn.server, 'listening');
    return standIn;
  }

  posted = 0;
  server = createServer((request, response) => {
    request.resume().once('end', () => {
      this.posted++;
      response.end();
    });
  });

  get endpoint() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}
