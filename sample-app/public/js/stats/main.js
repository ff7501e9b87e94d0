import { WebSocketClient } from '../client.js';
import { byId, element, updateList } from '../dom.js';
import { gatewayUrls } from '../gateway.js';
import { createKey } from '../session.js';
import { Chart } from './chart.js';
import { Rate } from './rate.js';

const EVERY_MS = 1_000;
const NAME = 'Operator';

const charts = {
  connections: new Chart(byId('connections-chart')),
  rate: new Chart(byId('rate-chart')),
  channels: new Chart(byId('channels-chart')),
};
const rate = new Rate();
const ownKey = createKey();
const client = new WebSocketClient({ urls: gatewayUrls(), token: () => `${NAME}:${ownKey}` });

/** The operator key; behind the `#` of the link that the server printed, or typed. */
let key = location.hash.slice(1);

client.onStatus(({ status }) => {
  const line = byId('status');
  line.dataset.status = status;
  line.textContent = status === 'connected' ? 'Live' : 'Connecting…';
});

byId('key-form').addEventListener('submit', (event) => {
  event.preventDefault();
  key = byId('key').value.trim();
  void look();
});

client.connect();
if (key === '') showDoor();
else void look();

/** Asks, shows the answer, and does it again, as long as the key is right. */
async function look() {
  const asked = Date.now();
  try {
    const stats = await client.request('stats', { key });
    if (stats.problem !== undefined) {
      showDoor('That is not the operator key.');
      return;
    }
    show(stats);
  } catch {
    // The status line says that there is no connection; it comes back by itself.
  }
  setTimeout(() => void look(), Math.max(0, asked + EVERY_MS - Date.now()));
}

function showDoor(problem = '') {
  byId('stats').hidden = true;
  byId('door').hidden = false;
  byId('key-error').textContent = problem;
  byId('key').setAttribute('aria-invalid', String(problem !== ''));
  byId('key').focus();
}

function show({ connections, channels, largest, handledHere }) {
  byId('door').hidden = true;
  byId('stats').hidden = false;
  const messages = rate.next(largest, Date.now());
  byId('connections').textContent = String(connections);
  byId('rate').textContent = messages.toFixed(1);
  byId('channels').textContent = String(channels);
  byId('handled').textContent = String(handledHere);
  charts.connections.add(connections);
  charts.rate.add(messages);
  charts.channels.add(channels);
  showRows(largest);
}

function showRows(channels) {
  const most = Math.max(1, ...channels.map(({ connections }) => connections));
  updateList(byId('rows'), channels, {
    keyOf: ({ channel }) => channel,
    create: ({ channel }) =>
      element(
        'tr',
        {},
        element(
          'td',
          {},
          channel,
          element('div', { className: 'who' }),
          element('span', { className: 'bar', attributes: { 'aria-hidden': 'true' } }),
        ),
        element('td', { className: 'number' }),
        element('td', { className: 'number' }),
      ),
    update: ({ children: [name, connections, messages] }, channel) => {
      name.firstElementChild.textContent = channel.people.join(', ');
      name.lastElementChild.style.width = `${(100 * channel.connections) / most}%`;
      connections.textContent = String(channel.connections);
      messages.textContent = channel.messages === 0 ? '–' : String(channel.messages);
    },
  });
}
