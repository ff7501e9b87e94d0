import { Chat, invitedEntry, roomEntry } from './chat.js';
import { focusComposer, giveBack, watchComposer } from './composer.js';
import { byId } from './dom.js';
import { gatewayUrls } from './gateway.js';
import { showInvitation, takeInvitation } from './invitation.js';
import { appendNewest } from './log.js';
import { closePanels, openPanel } from './panels.js';
import { endSession, loadSession, saveSession } from './session.js';
import { announce, showStatus } from './status.js';
import { render, showChat, showNameForm, showProblem } from './view.js';
import { BAD_NAME, BAD_ROOM, nameFrom, roomFrom } from './wording.js';

/** How long a reload may take before the card with the name is shown again. */
const SPLASH_MS = 600;

const PROBLEMS = {
  timeout: 'That was not delivered: there was no connection for too long.',
  forbidden: 'The server refused that.',
  closed: 'That was not delivered.',
};

const session = loadSession();
const invitation = takeInvitation();
let chat = null;
let current = null;

const actions = {
  openRoom: (name) => actions.openConversation(chat.join(roomEntry(name))),
  openPerson: (userId) => actions.openConversation(chat.thread(userId)),
  openConversation(conversation) {
    show(conversation);
    closePanels();
    focusComposer();
  },
};

byId('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = nameFrom(byId('name').value);
  if (name === null) return showNameForm(BAD_NAME);
  showNameForm();
  chat?.close();
  session.name = name;
  start();
});

byId('room-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const room = take(byId('room'));
  if (room !== null) actions.openRoom(room);
});

byId('private-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const title = take(byId('private-room'));
  if (title === null) return;
  chat.create(title).then((room) => {
    actions.openConversation(room);
    showInvitation(room);
  }, fail);
});

byId('invite').addEventListener('click', () => showInvitation(current));
byId('leave').addEventListener('click', leave);
byId('give-up').addEventListener('click', leave);
byId('sign-out').addEventListener('click', () => {
  chat.close();
  chat = null;
  endSession();
  location.reload();
});

watchComposer({
  onSend(words) {
    const conversation = current;
    showProblem('');
    conversation.say(words).catch((error) => {
      giveBack(conversation, words, conversation === current);
      fail(error);
    });
  },
  onInput(isWriting) {
    showProblem('');
    current.type(isWriting);
  },
});

document.addEventListener('visibilitychange', () => {
  if (chat?.me && current !== null) show(current);
});

if (session.name === null) showNameForm();
else {
  byId('name').value = session.name;
  setTimeout(() => {
    if (chat.me === null) byId('welcome').hidden = false;
  }, SPLASH_MS);
  start();
}

/** Connects under the name of the session, and goes on where that was. */
function start() {
  const begun = (chat = new Chat(gatewayUrls(), session));
  const on = (type, listener) =>
    begun.addEventListener(type, ({ detail }) => {
      if (begun === chat) listener(detail);
    });
  on('status', showStatus);
  on('welcome', enter);
  on('change', update);
  on('line', ({ conversation }) => {
    if (conversation === current) appendNewest(conversation);
  });
  on('closed', ({ room, error }) => {
    if (room === current) show(null);
    showProblem(
      error.code === 'forbidden' && room.isPrivate
        ? 'This room is not open to you: ask for an invitation.'
        : `${room.title} is closed to you: ${error.message}`,
    );
    update();
  });
  begun.connect();
}

function enter() {
  const { rooms, current: wanted } = session;
  showChat(chat.me);
  for (const entry of rooms) chat.join(entry);
  const invited = invitation === null ? null : invitedEntry(invitation);
  if (invitation !== null && invited === null) showProblem('This is no invitation.');
  show(invited === null ? (chat.conversations.get(wanted) ?? null) : chat.join(invited));
  if (current !== null || rooms.length > 0) return;
  byId('title').focus();
  openPanel(byId('rooms-panel'));
}

function show(conversation) {
  current?.watch(false);
  current = conversation;
  current?.watch(!document.hidden);
  update();
}

function leave() {
  const left = current;
  show(null);
  chat.leave(left);
  announce(`You left ${left.title}.`);
  byId('title').focus();
}

function update() {
  if (chat === null || chat.me === null) return;
  render(chat, current, actions);
  session.rooms = chat.rooms.map(({ entry }) => entry);
  session.current = current?.id ?? null;
  saveSession(session);
}

/** The room that somebody typed the name of, and an empty field; `null` for what is none. */
function take(input) {
  const room = roomFrom(input.value);
  byId('rooms-problem').textContent = room === null ? BAD_ROOM : '';
  if (room !== null) input.value = '';
  return room;
}

function fail(error) {
  showProblem(PROBLEMS[error.code] ?? error.message);
}
