import { byId, element, paintAvatar, setAttribute, updateList } from './dom.js';
import { callOf } from './people.js';

const people = (count) => (count === 1 ? '1 person' : `${count} people`);
const unreadText = (unread) => (unread === 0 ? '' : `, ${unread} unread`);
const decoration = (className, text = '') =>
  element('span', { className, attributes: { 'aria-hidden': 'true' } }, text);

/** Brings the lists beside the conversation up to date. */
export function renderLists(chat, current, actions) {
  renderRooms(chat, current, actions);
  renderPrivateRooms(chat, current, actions);
  renderThreads(chat, current, actions);
  renderMembers(chat, current, actions);
}

function renderRooms(chat, current, { openRoom }) {
  const joined = new Map(chat.rooms.filter(({ isPrivate }) => !isPrivate).map((room) => [room.title, room]));
  const names = [...new Set([...chat.counts.keys(), ...joined.keys()])].sort((a, b) => a.localeCompare(b));
  updateList(byId('room-list'), names, {
    keyOf: (name) => name,
    create: (name) => conversationItem(decoration('hash', '#'), () => openRoom(name)),
    update: (item, name) => {
      const room = joined.get(name);
      const count = room?.state === 'open' ? room.members.length : (chat.counts.get(name) ?? 0);
      updateItem(item, room, current, {
        title: name,
        label: `${name}, ${people(count)}${stateText(room)}`,
        count: String(count),
      });
    },
  });
}

function renderPrivateRooms(chat, current, { openConversation }) {
  const rooms = chat.rooms.filter(({ isPrivate }) => isPrivate);
  byId('private-list').hidden = rooms.length === 0;
  updateList(byId('private-list'), rooms, {
    keyOf: ({ id }) => id,
    create: (room) => conversationItem(decoration('hash lock'), () => openConversation(room)),
    update: (item, room) =>
      updateItem(item, room, current, {
        title: room.title,
        label: `${room.title}, by invitation, ${people(room.members.length)}`,
        count: String(room.members.length),
      }),
  });
}

function renderThreads(chat, current, { openConversation }) {
  byId('threads').hidden = chat.threads.length === 0;
  updateList(byId('thread-list'), chat.threads, {
    keyOf: ({ id }) => id,
    create: (thread) => conversationItem(avatarOf(thread.id), () => openConversation(thread)),
    update: (item, thread) =>
      updateItem(item, thread, current, { title: thread.title, label: `${thread.title}, private`, count: '' }),
  });
}

function renderMembers(chat, current, { openPerson }) {
  updateList(byId('member-list'), current?.members ?? [], {
    keyOf: (id) => id,
    create: (id) => {
      const parts = [avatarOf(id), element('span', { className: 'item-title' })];
      if (id === chat.me) {
        const you = element('span', { className: 'item-note' }, 'you');
        return element('li', {}, element('span', { className: 'item joined' }, ...parts, you));
      }
      const button = element('button', { type: 'button', className: 'item joined' }, ...parts);
      button.addEventListener('click', () => openPerson(id));
      return element('li', {}, button);
    },
    update: ({ firstElementChild: item }, id) => {
      const name = callOf(id);
      item.children[1].textContent = name;
      item.classList.toggle('typing', current.typing.has(id));
      if (item.tagName === 'BUTTON') setAttribute(item, 'aria-label', `Message ${name} privately`);
    },
  });
}

function stateText(room) {
  if (room === undefined) return '';
  return room.state === 'full' ? ', full' : ', joined';
}

function avatarOf(userId) {
  const avatar = decoration('avatar small');
  paintAvatar(avatar, userId);
  return avatar;
}

function conversationItem(mark, onClick) {
  const button = element(
    'button',
    { type: 'button', className: 'item' },
    mark,
    element('span', { className: 'item-title' }),
    element('span', { className: 'badge', hidden: true }),
    element('span', { className: 'count' }),
  );
  button.addEventListener('click', onClick);
  return element('li', {}, button);
}

/** @param conversation `undefined` where it is none yet */
function updateItem(item, conversation, current, { title, label, count }) {
  const button = item.firstElementChild;
  const [, titleSpan, badge, countSpan] = button.children;
  const unread = conversation?.unread ?? 0;
  titleSpan.textContent = title;
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? '99+' : String(unread);
  countSpan.textContent = count;
  button.classList.toggle('joined', conversation !== undefined);
  button.setAttribute('aria-label', label + unreadText(unread));
  setAttribute(button, 'aria-current', conversation !== undefined && conversation === current ? 'true' : null);
}
