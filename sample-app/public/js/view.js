import { byId, paintAvatar } from './dom.js';
import { renderLists } from './lists.js';
import { showConversation, showPending } from './log.js';
import { callOf } from './people.js';
import { Thread } from './thread.js';

const text = byId('text');
let shown;

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
  byId('me-name').textContent = callOf(me);
  paintAvatar(byId('me-avatar'), me);
}

export function showProblem(problem) {
  byId('problem').textContent = problem;
}

/** Brings everything but the lines up to date; and those when another conversation is on screen. */
export function render(chat, current, actions) {
  renderLists(chat, current, actions);
  renderHeading(current);
  const elsewhere = chat.unread - (current?.unread ?? 0);
  byId('elsewhere').hidden = elsewhere === 0;
  document.title = `${chat.unread > 0 ? `(${chat.unread}) ` : ''}${current === null ? 'Chat' : headline(current)}`;
  byId('typing').textContent = current === null ? '' : typingText([...current.typing].map(callOf));
  if (shown === current && shown !== undefined) {
    showPending(current);
    return;
  }
  if (shown) shown.draft = text.value;
  shown = current;
  showConversation(current);
  text.value = current?.draft ?? '';
}

function renderHeading(current) {
  const isThread = current instanceof Thread;
  const isFull = current?.state === 'full';
  const { classList } = byId('chat');
  classList.toggle('private', current?.isPrivate === true);
  classList.toggle('alone', current === null || isThread || isFull);
  classList.toggle('empty', current === null);
  byId('title').textContent = current === null ? 'Pick a room' : headline(current);
  byId('subtitle').textContent = subtitle(current);
  byId('full').hidden = !isFull;
  byId('composer').hidden = current === null || isFull;
  byId('leave').hidden = current === null || isFull;
  byId('leave').textContent = isThread ? 'Close' : 'Leave';
  byId('invite').hidden = current?.isPrivate !== true || isThread;
  byId('open-members').hidden = byId('members-panel').hidden = current === null || isThread || isFull;
  text.placeholder = current === null ? '' : placeholder(current);
}

function headline(conversation) {
  return conversation.isPrivate ? conversation.title : `#${conversation.title}`;
}

function placeholder(current) {
  return current instanceof Thread ? `Private message to ${current.title}` : `Message ${headline(current)}`;
}

function subtitle(current) {
  if (current === null) return 'Join one from the list, or make your own.';
  if (current instanceof Thread) return 'Private: only you two see this';
  if (current.state === 'full') return 'Full';
  const { length } = current.members;
  if (length === 0) return 'Joining…';
  if (length === 1) return 'Only you are here';
  return current.isPrivate ? `${length} people, by invitation` : `${length} people here`;
}

function typingText(names) {
  if (names.length === 0) return '';
  if (names.length > 2) return 'Several people are typing…';
  return names.length === 1 ? `${names[0]} is typing…` : `${names[0]} and ${names[1]} are typing…`;
}
