// A node of a cluster in a process of its own, with a channel with presence; tells where clients reach it.
import process from 'node:process';
import { channelApp, named } from './channel.app.js';
import { LEASE } from './leases.js';

const { url } = JSON.parse(process.argv[2]!) as { readonly url: string };
const rules = { 'presence-room': named };
const app = await channelApp(rules, { redis: { url } }).gateway({ cluster: LEASE }).start();
process.on('disconnect', () => process.exit());
process.send!({ url: app.url });
