import { byId } from './dom.js';

/**
 * The side panels of a narrow screen: one slides in over the conversation, takes the focus, and gives it back. On a wide screen both
 * stand beside it.
 */
const panels = [
  { panel: byId('rooms-panel'), opener: byId('open-rooms'), wide: matchMedia('(min-width: 760px)') },
  { panel: byId('members-panel'), opener: byId('open-members'), wide: matchMedia('(min-width: 1080px)') },
];
const scrim = byId('scrim');
const conversation = byId('conversation');

let opened = null;

for (const { panel, opener, wide } of panels) {
  opener.addEventListener('click', () => openPanel(panel));
  panel.querySelector('[data-close-panel]').addEventListener('click', () => closePanels());
  wide.addEventListener('change', () => closePanels());
}
scrim.addEventListener('click', () => closePanels());
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && opened !== null) closePanels();
});
update();

/** Opens a panel, if the screen is too narrow to show it anyway. */
export function openPanel(panel) {
  const entry = panels.find((candidate) => candidate.panel === panel);
  if (entry.wide.matches) return;
  opened = entry;
  update();
  panel.querySelector('button.item, [data-close-panel]').focus();
}

export function closePanels() {
  const last = opened;
  opened = null;
  update();
  last?.opener.focus();
}

function update() {
  for (const entry of panels) {
    const isOpen = entry === opened;
    entry.panel.classList.toggle('open', isOpen);
    // The other panel may stand beside the conversation, and is as much out of reach as that.
    entry.panel.inert = opened === null ? !entry.wide.matches : !isOpen;
    entry.opener.setAttribute('aria-expanded', String(isOpen));
  }
  scrim.hidden = opened === null;
  conversation.inert = opened !== null;
}
