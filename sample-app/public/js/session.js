const KEY = 'chat';

/**
 * What this tab remembers over a reload: the name, the key that proves it, the rooms with their invitations, and which conversation was on screen.
 */
export function loadSession() {
  try {
    const { name, key, rooms, current } = JSON.parse(sessionStorage.getItem(KEY));
    return { name, key, rooms, current };
  } catch {
    return { name: null, key: createKey(), rooms: [], current: null };
  }
}

export function saveSession(session) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(session));
  } catch {
    // Storage is full or forbidden: the chat works, a reload asks for the name again.
  }
}

export function endSession() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is forbidden: there is nothing in it.
  }
}

// randomUUID exists on secure origins only, and the chat may be shown around a local network.
export function createKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
