import { byId } from './dom.js';

const SHORT = {
  disconnected: 'Not connected',
  connecting: 'Connecting…',
  connected: 'Connected',
  reconnecting: 'Reconnecting…',
  failed: 'Disconnected',
};

const banner = byId('banner');
let countdown;

/** Shows how the connection stands, and counts the seconds down to the next attempt. */
export function showStatus({ status, retryInMs }) {
  clearInterval(countdown);
  for (const target of document.querySelectorAll('[data-status]')) {
    target.textContent = SHORT[status];
    target.dataset.status = status;
  }
  const isConnected = status === 'connected';
  banner.hidden = isConnected;
  byId('composer').classList.toggle('offline', !isConnected);
  if (retryInMs === undefined) {
    banner.textContent = textOf(status);
    // A further try to connect is no news.
    if (status !== 'connecting' && status !== 'reconnecting') announce(isConnected ? SHORT.connected : textOf(status));
    return;
  }
  announce('The connection is lost. Trying to get it back…');
  const at = Date.now() + retryInMs;
  const tick = () => {
    const seconds = Math.max(0, Math.ceil((at - Date.now()) / 1_000));
    banner.textContent = `The connection is lost. Next attempt in ${seconds} s…`;
  };
  tick();
  countdown = setInterval(tick, 250);
}

/** Has a screen reader say something, unless that is what it said last. */
export function announce(what) {
  const announcement = byId('announcement');
  if (announcement.textContent !== what) announcement.textContent = what;
}

function textOf(status) {
  if (status === 'failed') return 'The server ended the connection for good. Reload the page to come back.';
  return status === 'reconnecting' ? 'The connection is lost. Trying to get it back…' : SHORT[status];
}
