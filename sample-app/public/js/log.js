import { byId, element, paintAvatar, updateList } from './dom.js';
import { callOf } from './people.js';

const GROUP_WITHIN_MS = 5 * 60_000;
const NEAR_END_PX = 80;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

/** What scrolls and is read out; the list in it keeps its own role. */
const log = byId('log');
const list = byId('messages');
const pending = byId('pending');
const toNewest = byId('to-newest');

log.addEventListener('scroll', () => {
  if (isNearEnd()) toNewest.hidden = true;
});
toNewest.addEventListener('click', () => scrollToEnd());
// The log grows and shrinks with the keyboard of a phone.
new ResizeObserver(() => {
  if (toNewest.hidden) scrollToEnd();
}).observe(log);

/** Shows a conversation from its newest line on. A screen reader hears only what is added later. */
export function showConversation(conversation) {
  log.setAttribute('aria-busy', 'true');
  const lines = conversation?.lines ?? [];
  list.replaceChildren(...lines.map((line, index) => item(line, lines[index - 1])));
  showPending(conversation);
  scrollToEnd();
  requestAnimationFrame(() => log.removeAttribute('aria-busy'));
}

/** Adds the newest line of the conversation on screen. */
export function appendNewest({ lines }) {
  const wasNearEnd = isNearEnd();
  const line = lines.at(-1);
  list.append(item(line, lines.at(-2)));
  while (list.children.length > lines.length) list.firstElementChild.remove();
  if (wasNearEnd || line.isOwn) scrollToEnd();
  else toNewest.hidden = false;
}

/** Shows what was written and has not come back. */
export function showPending(conversation) {
  const wasNearEnd = isNearEnd();
  updateList(pending, conversation?.pending ?? [], {
    keyOf: ({ ref }) => ref,
    create: ({ text }) =>
      element(
        'li',
        { className: 'message own' },
        element(
          'div',
          { className: 'bubble' },
          element('div', { className: 'from' }, 'Sending…'),
          element('div', { className: 'text', dir: 'auto' }, text),
        ),
      ),
    update: () => undefined,
  });
  if (wasNearEnd) scrollToEnd();
}

function item(line, previous) {
  const { from, text, at, isOwn } = line;
  if (from === null) return element('li', { className: 'event' }, element('span', {}, text), ' ', time(at));
  const continues = previous?.from === from && at - previous.at < GROUP_WITHIN_MS;
  const name = callOf(from);
  const avatar = element('span', { className: 'avatar', attributes: { 'aria-hidden': 'true' } });
  paintAvatar(avatar, from);
  return element(
    'li',
    { className: `message${isOwn ? ' own' : ''}${continues ? ' continues' : ''}` },
    avatar,
    element(
      'div',
      { className: 'bubble' },
      element('div', { className: 'from' }, element('bdi', {}, isOwn ? 'You' : name), ' ', time(at)),
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
