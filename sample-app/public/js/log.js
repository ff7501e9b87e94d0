import { byId, element, paintAvatar } from './dom.js';

const GROUP_WITHIN_MS = 5 * 60_000;
const NEAR_END_PX = 80;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** What scrolls and is read out; the list in it keeps its own role. */
const log = byId('log');
const list = byId('messages');
const toNewest = byId('to-newest');

log.addEventListener('scroll', () => {
  if (isNearEnd()) toNewest.hidden = true;
});
toNewest.addEventListener('click', () => scrollToEnd());
// The log grows and shrinks with the keyboard of a phone.
new ResizeObserver(() => {
  if (toNewest.hidden) scrollToEnd();
}).observe(log);

/** Shows a conversation from its newest message on. A screen reader hears only what is added later. */
export function showConversation(conversation) {
  log.setAttribute('aria-busy', 'true');
  const messages = conversation?.messages ?? [];
  list.replaceChildren(...messages.map((message, index) => line(message, messages[index - 1])));
  scrollToEnd();
  requestAnimationFrame(() => log.removeAttribute('aria-busy'));
}

/** Adds the newest message of the conversation on screen. */
export function appendNewest({ messages }) {
  const wasNearEnd = isNearEnd();
  const message = messages.at(-1);
  list.append(line(message, messages.at(-2)));
  while (list.children.length > messages.length) list.firstElementChild.remove();
  if (wasNearEnd || message.isOwn) scrollToEnd();
  else toNewest.hidden = false;
}

function line(message, previous) {
  const { from, text, at, isOwn } = message;
  if (from === null) return element('li', { className: 'event' }, text, ' ', time(at));
  const continues = previous?.from === from && at - previous.at < GROUP_WITHIN_MS;
  const avatar = element('span', { className: 'avatar', attributes: { 'aria-hidden': 'true' } });
  paintAvatar(avatar, from);
  return element(
    'li',
    { className: `message${isOwn ? ' own' : ''}${continues ? ' continues' : ''}` },
    avatar,
    element(
      'div',
      { className: 'bubble' },
      element('div', { className: 'from' }, element('bdi', {}, isOwn ? 'You' : from), ' ', time(at)),
      element('div', { className: 'text', dir: 'auto' }, text),
    ),
  );
}

function time(at) {
  const date = new Date(at);
  return element('time', { dateTime: date.toISOString(), title: full.format(date) }, clock.format(date));
}

function isNearEnd() {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END_PX;
}

function scrollToEnd() {
  log.scrollTop = log.scrollHeight;
  toNewest.hidden = true;
}
