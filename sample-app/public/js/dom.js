export const byId = (id) => document.getElementById(id);

/** Creates an element. Children are elements or strings, and strings become text, never markup. */
export function element(tag, { attributes = {}, ...properties } = {}, ...children) {
  const created = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children.filter((child) => child !== null));
  return created;
}

/** Sets or, for `null`, removes an attribute. */
export function setAttribute(target, name, value) {
  if (value === null) target.removeAttribute(name);
  else target.setAttribute(name, value);
}

/** Brings the items of a list up to date, and keeps those that stay, so that the focus stays on them. */
export function updateList(list, items, { keyOf, create, update }) {
  const kept = new Map([...list.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    const key = keyOf(item);
    const child = kept.get(key) ?? create(item);
    kept.delete(key);
    child.dataset.key = key;
    update(child, item);
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  });
  for (const child of kept.values()) child.remove();
}

/** The letter and the colour that stand for a user. */
export function paintAvatar(avatar, userId) {
  let hash = 0;
  for (const character of userId) hash = (hash * 31 + character.codePointAt(0)) % 360;
  avatar.textContent = [...userId][0].toUpperCase();
  // Ids that differ little get colours that differ much.
  avatar.style.setProperty('--hue', String((hash * 137) % 360));
}
