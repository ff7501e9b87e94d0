import { byId, element, paintAvatar, setAttribute, updateList } from './dom.js';

const people = (count) => (count === 1 ? '1 person' : `${count} people`);
const unreadText = (unread) => (unread === 0 ? '' : `, ${unread} unread`);

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

function updateItem(item, { title, label, count, unread, isCurrent, isJoined }) {
  const button = item.firstElementChild;
  const [, titleSpan, badge, countSpan] = button.children;
  titleSpan.textContent = title;
  badge.hidden = unread === 0;
  badge.textContent = unread > 99 ? '99+' : String(unread);
  countSpan.textContent = count;
  button.classList.toggle('joined', isJoined);
  button.setAttribute('aria-label', label);
  setAttribute(button, 'aria-current', isCurrent ? 'true' : null);
}

export function renderRooms(state, onOpen) {
  updateList(byId('room-list'), state.rooms, {
    keyOf: ({ room }) => room,
    create: ({ room }) =>
      conversationItem(element('span', { className: 'hash', attributes: { 'aria-hidden': 'true' } }, '#'), () =>
        onOpen(room),
      ),
    update: (item, { room, count, conversation }) => {
      const unread = conversation?.unread ?? 0;
      updateItem(item, {
        title: room,
        label: `${room}, ${people(count)}${conversation === undefined ? '' : ', joined'}${unreadText(unread)}`,
        count: String(count),
        unread,
        isJoined: conversation !== undefined,
        isCurrent: conversation !== undefined && conversation === state.current,
      });
    },
  });
}

export function renderPeople(state, onOpen) {
  byId('people-section').hidden = state.people.length === 0;
  updateList(byId('thread-list'), state.people, {
    keyOf: ({ id }) => id,
    create: (conversation) => {
      const avatar = element('span', { className: 'avatar small', attributes: { 'aria-hidden': 'true' } });
      paintAvatar(avatar, conversation.title);
      return conversationItem(avatar, () => onOpen(conversation));
    },
    update: (item, conversation) =>
      updateItem(item, {
        title: conversation.title,
        label: `${conversation.title}, private${unreadText(conversation.unread)}`,
        count: '',
        unread: conversation.unread,
        isJoined: true,
        isCurrent: conversation === state.current,
      }),
  });
}

export function renderMembers(state, onOpen) {
  updateList(byId('member-list'), state.current?.members ?? [], {
    keyOf: (name) => name,
    create: (name) => {
      const avatar = element('span', { className: 'avatar small', attributes: { 'aria-hidden': 'true' } });
      paintAvatar(avatar, name);
      const isMe = name === state.me;
      const title = element('span', { className: 'item-title' }, name);
      const you = element('span', { className: 'item-note' }, 'you');
      if (isMe) return element('li', {}, element('span', { className: 'item joined' }, avatar, title, you));
      const button = element(
        'button',
        {
          type: 'button',
          className: 'item joined',
          title: `Message ${name} privately`,
          attributes: { 'aria-label': `Message ${name} privately` },
        },
        avatar,
        title,
      );
      button.addEventListener('click', () => onOpen(name));
      return element('li', {}, button);
    },
    update: () => undefined,
  });
}
