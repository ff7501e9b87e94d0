import { Connection } from './connection.js';
import { byId } from './dom.js';
import { appendNewest } from './log.js';
import { Outbox } from './outbox.js';
import { closePanels, openPanel } from './panels.js';
import { endSession, loadSession, saveSession } from './session.js';
import { ChatState } from './state.js';
import { render, renderStatus, showChat, showNameForm, showProblem } from './view.js';

/** API Gateway closes a connection that carries nothing for ten minutes. */
const KEEP_ALIVE_MS = 4 * 60_000;

const session = loadSession();
const state = new ChatState();
const connection = new Connection(gatewayUrl());
const outbox = new Outbox();
const text = byId('text');

/** Whether the server knows the name of this connection. */
let isWelcome = false;
/** The room to show once it is joined. */
let opening = session.current;
/** Whether a server that has forgotten this connection is told again who it is: once for each request. */
let mayHeal = true;

const actions = {
  openRoom(room) {
    const conversation = state.room(room);
    if (conversation !== undefined) actions.openConversation(conversation);
    else if (request({ action: 'join', room })) opening = room;
  },
  openPerson: (name) => actions.openConversation(state.person(name)),
  openConversation(conversation) {
    state.open(conversation);
    // A frame may have been missed; this is when it would show.
    if (conversation.isRoom) connection.send({ action: 'who', room: conversation.title });
    update();
    closePanels();
    text.focus();
  },
};

const handlers = {
  welcome({ name, rooms, joined }) {
    state.me = name;
    state.setCounts(rooms);
    showChat(name);
    // All of them on a new connection, and on one that the server had forgotten.
    for (const room of session.rooms) if (!joined.includes(room)) connection.send({ action: 'join', room });
    sendAgain(({ isRoom, title }) => !isRoom || joined.includes(title));
    if (isWelcome) return;
    isWelcome = true;
    if (session.rooms.length > 0 || state.current !== null) return;
    update();
    byId('title').focus();
    openPanel(byId('rooms-panel'));
  },
  room({ room, members }) {
    const known = state.room(room);
    const isMember = members.includes(state.me);
    // The answer to a `who` of a room that was left meanwhile.
    if (known === undefined && !isMember) return;
    if (!session.rooms.includes(room)) session.rooms.push(room);
    const conversation = state.enterRoom(room);
    state.setMembers(conversation, members);
    if (isMember) sendAgain((meant) => meant === conversation);
    else heal();
    if (known !== undefined) return;
    tell(conversation, 'You joined.');
    if (opening === room || state.current === null) actions.openConversation(conversation);
  },
  joined({ room, name }) {
    const conversation = state.room(room);
    if (conversation === undefined) return;
    state.addMember(conversation, name);
    tell(conversation, `${name} joined.`);
  },
  left({ room, name }) {
    const conversation = state.room(room);
    if (conversation === undefined) return;
    if (name === state.me) {
      session.rooms = session.rooms.filter((joined) => joined !== room);
      outbox.release((left) => left === conversation);
      state.close(conversation);
      return;
    }
    state.removeMember(conversation, name);
    tell(conversation, `${name} left.`);
  },
  count: ({ room, members }) => state.setCount(room, members),
  message({ room, from, text, at }) {
    const conversation = state.room(room);
    if (conversation !== undefined) add(conversation, { from, text, at });
  },
  whisper: ({ from, to, text, at }) => add(state.person(from === state.me ? to : from), { from, text, at }),
  error({ action, code, message }) {
    if (action === 'name') {
      session.name = null;
      showNameForm(message);
      outbox.release().forEach(giveBack);
      return;
    }
    const refused = outbox.refused(action);
    const isForgotten =
      code === 'no-name' || (code === 'not-in-room' && session.rooms.includes(refused?.conversation.title));
    if (isForgotten && outbox.hold(refused)) {
      introduce();
      return;
    }
    if (isForgotten) heal();
    fail(message, refused);
  },
};

connection.addEventListener('status', ({ detail: status }) => {
  renderStatus(status);
  if (status !== 'open') return;
  // The server knows nothing of a new connection: it gets the name first, and the rooms once it is welcome.
  isWelcome = false;
  // Whether what went out on the old one arrived, nobody will say any more.
  outbox.clear();
  introduce();
});

connection.addEventListener('frame', ({ detail: frame }) => {
  if (frame === null || typeof frame !== 'object') return;
  // A frame without a type is the gateway's own: no such route, or the server failed.
  if (typeof frame.type !== 'string') {
    fail(`The server answered: ${String(frame.message)}`, outbox.failed());
  } else if (Object.hasOwn(handlers, frame.type)) handlers[frame.type](frame);
  update();
});

byId('name-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = byId('name').value.trim();
  if (name === '') return showNameForm('Type a name first.');
  session.name = name;
  if (!introduce()) showNameForm('There is no connection yet. Try again in a moment.');
});

byId('room-form').addEventListener('submit', (event) => {
  event.preventDefault();
  // As the server writes it, to know the room in its answer.
  const room = byId('room').value.normalize('NFKC').trim().replace(/ +/g, ' ').toLowerCase();
  if (room === '') return;
  byId('room').value = '';
  actions.openRoom(room);
});

byId('leave').addEventListener('click', () => {
  const { current } = state;
  if (current.isRoom) request({ action: 'leave', room: current.title });
  else {
    state.close(current);
    update();
  }
});

byId('sign-out').addEventListener('click', () => {
  // A frame that arrives before the page is gone must not save the session again.
  isWelcome = false;
  endSession();
  location.reload();
});

byId('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const { current } = state;
  const message = text.value.trim();
  if (message === '' || current === null) return;
  if (!request(messageTo(current, message))) return;
  outbox.add(current, message);
  text.value = '';
  fitText();
});

text.addEventListener('keydown', (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  byId('composer').requestSubmit();
});
text.addEventListener('input', () => {
  showProblem('');
  fitText();
});
document.addEventListener('visibilitychange', () => {
  if (document.hidden || state.current === null) return;
  state.open(state.current);
  update();
});
setInterval(() => introduce(), KEEP_ALIVE_MS);

renderStatus('connecting');
if (session.name === null) showNameForm();
else byId('name').value = session.name;
connection.open();

/** Tells the server who this is. */
function introduce() {
  return session.name !== null && connection.send({ action: 'name', name: session.name, key: session.key });
}

/** The same, for a server that has forgotten it. One that forgets at once is not told for ever. */
function heal() {
  if (mayHeal) introduce();
  mayHeal = false;
}

function messageTo({ isRoom, title }, message) {
  return isRoom ? { action: 'say', room: title, text: message } : { action: 'whisper', to: title, text: message };
}

/** Sends what was refused because the server had forgotten this connection, now that it knows it again. */
function sendAgain(isMeant) {
  for (const { conversation, text: unsent } of outbox.release(isMeant)) {
    if (connection.send(messageTo(conversation, unsent))) outbox.add(conversation, unsent, { isRepeated: true });
    else giveBack({ conversation, text: unsent });
  }
}

function request(frame) {
  mayHeal = true;
  showProblem('');
  const sent = connection.send(frame);
  if (!sent) showProblem('Not connected. Try again when the connection is back.');
  return sent;
}

/** Says what went wrong, and gives back what it went wrong with, and what may have waited for it. */
function fail(problem, message) {
  showProblem(problem);
  for (const unsent of [message, ...outbox.release()]) giveBack(unsent);
}

/** Puts a message that was not delivered back where it was written, unless something else is being written there. */
function giveBack(message) {
  if (message === undefined) return;
  const { conversation, text: unsent } = message;
  if (conversation !== state.current) conversation.draft ||= unsent;
  else if (text.value === '') {
    text.value = unsent;
    fitText();
  }
}

function tell(conversation, what) {
  add(conversation, { text: what });
}

function add(conversation, message) {
  if (state.add(conversation, message).isOwn) outbox.delivered(conversation, message.text);
  if (conversation === state.current) appendNewest(conversation);
}

function update() {
  render(state, actions);
  if (!isWelcome) return;
  session.current = currentRoom();
  saveSession(session);
}

/** The room to come back to; `null` for none. */
function currentRoom() {
  const { current } = state;
  if (current === null) return opening;
  return current.isRoom ? current.title : null;
}

function fitText() {
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight}px`;
}

function gatewayUrl() {
  const { content } = document.querySelector('meta[name="chat-gateway"]');
  return content !== '' ? content : `${location.origin.replace(/^http/, 'ws')}/ws`;
}
