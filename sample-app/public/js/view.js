import { byId, paintAvatar } from './dom.js';
import { renderMembers, renderPeople, renderRooms } from './lists.js';
import { showConversation } from './log.js';

const STATUS_TEXT = {
  connecting: 'Connecting…',
  open: 'Connected',
  waiting: 'Reconnecting…',
  ended: 'Disconnected',
};

const text = byId('text');
let shown;

/** Shows how the connection stands. */
export function renderStatus(status) {
  for (const target of document.querySelectorAll('[data-status]')) {
    target.textContent = STATUS_TEXT[status];
    target.dataset.status = status;
  }
  const banner = byId('banner');
  banner.hidden = status === 'open';
  banner.textContent =
    status === 'ended'
      ? 'Your session was continued elsewhere. Reload to continue it here.'
      : 'The connection is lost. Trying to get it back…';
  byId('composer').classList.toggle('offline', status !== 'open');
  // A further try to connect is no news.
  if (status !== 'connecting') announce(status === 'open' ? STATUS_TEXT.open : banner.textContent);
}

/** Shows the name form, with what was wrong with the last name. */
export function showNameForm(problem = '') {
  byId('chat').hidden = true;
  byId('welcome').hidden = false;
  const name = byId('name');
  byId('name-error').textContent = problem;
  name.setAttribute('aria-invalid', String(problem !== ''));
  name.focus();
}

export function showChat(me) {
  byId('welcome').hidden = true;
  byId('chat').hidden = false;
  byId('me-name').textContent = me;
  paintAvatar(byId('me-avatar'), me);
}

export function showProblem(problem) {
  byId('problem').textContent = problem;
}

/** Brings everything but the messages up to date; and those when another conversation is on screen. */
export function render(state, actions) {
  const { current } = state;
  renderRooms(state, actions.openRoom);
  renderPeople(state, actions.openConversation);
  renderMembers(state, actions.openPerson);
  renderHeading(current);
  const elsewhere = state.unread - (current?.unread ?? 0);
  byId('elsewhere').hidden = elsewhere === 0;
  document.title = `${state.unread > 0 ? `(${state.unread}) ` : ''}${current === null ? 'Chat' : headline(current)}`;
  if (shown === current && shown !== undefined) return;
  if (shown) shown.draft = text.value;
  shown = current;
  showConversation(current);
  text.value = current?.draft ?? '';
}

/** Has a screen reader say something, unless that is what it said last. */
function announce(what) {
  const announcement = byId('announcement');
  if (announcement.textContent !== what) announcement.textContent = what;
}

function renderHeading(current) {
  const isPrivate = current !== null && !current.isRoom;
  byId('chat').classList.toggle('private', isPrivate);
  byId('chat').classList.toggle('empty', current === null);
  byId('title').textContent = current === null ? 'Pick a room' : headline(current);
  byId('subtitle').textContent = subtitle(current);
  byId('composer').hidden = current === null;
  byId('leave').hidden = current === null;
  byId('leave').textContent = isPrivate ? 'Close' : 'Leave';
  byId('open-members').hidden = current === null || isPrivate;
  byId('members-panel').hidden = current === null || isPrivate;
  text.placeholder =
    current === null ? '' : isPrivate ? `Private message to ${current.title}` : `Message #${current.title}`;
}

function headline({ isRoom, title }) {
  return isRoom ? `#${title}` : title;
}

function subtitle(current) {
  if (current === null) return 'Join one from the list, or make your own.';
  if (!current.isRoom) return 'Private: only you two see this';
  return current.members.length === 1 ? 'Only you are here' : `${current.members.length} people here`;
}
