/** User ids are a name, `~`, and a fingerprint of the key that proves it. */
const MARK = '~';
const TAG_CHARS = 4;

/** The ids that were seen under each name. */
const known = new Map();

export const nameOf = (userId) => userId.slice(0, userId.lastIndexOf(MARK));

/** Somebody was seen. */
export function meet(userId) {
  const name = nameOf(userId).toLowerCase();
  const ids = known.get(name) ?? new Set();
  known.set(name, ids.add(userId));
}

/** What to call somebody: their name, with the beginning of their fingerprint once another has the same name. */
export function callOf(userId) {
  meet(userId);
  const name = nameOf(userId);
  return known.get(name.toLowerCase()).size === 1 ? name : `${name} ${tagOf(userId)}`;
}

function tagOf(userId) {
  return userId.slice(userId.lastIndexOf(MARK), userId.lastIndexOf(MARK) + 1 + TAG_CHARS);
}
