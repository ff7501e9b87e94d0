import { byId } from './dom.js';

const PARAMETER = 'invitation';

const dialog = byId('invitation');
const link = byId('invitation-link');
const copy = byId('copy');

copy.addEventListener('click', async () => {
  link.select();
  try {
    await navigator.clipboard.writeText(link.value);
    copy.textContent = 'Copied';
  } catch {
    // Only secure origins may; the link is selected.
    copy.textContent = 'Press Ctrl+C';
  }
});
byId('close-invitation').addEventListener('click', () => dialog.close());

/** Shows the link that lets others into a room. Browsers keep what is behind the `#` to themselves. */
export function showInvitation({ title, entry }) {
  byId('invitation-title').textContent = `Invite to ${title}`;
  link.value = `${location.origin}${location.pathname}#${PARAMETER}=${entry.invitation}`;
  copy.textContent = 'Copy';
  dialog.showModal();
  link.select();
}

/** Takes the invitation out of the page's address; `null` without one. */
export function takeInvitation() {
  const invitation = new URLSearchParams(location.hash.slice(1)).get(PARAMETER);
  if (invitation !== null) history.replaceState(null, '', location.pathname);
  return invitation;
}
