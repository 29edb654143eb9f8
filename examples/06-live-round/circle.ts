/** The clients in a circle around the coordinator: who they are, how far each is, and who sends just now. */
import type { Seen, View } from './messages.ts';

const PHASES = ['advertise', 'share', 'mask', 'confirm', 'unmask'];

/** In plain words, for who cannot see the circle. */
const SAYS = [
  'nothing sent yet',
  'keys sent',
  'shares sent',
  'masked drawing sent',
  'has agreed',
  'done',
];

/** Shows the clients of a round; call it with each view. */
export function openCircle(list: HTMLElement): (view: View, own: string | undefined) => void {
  let shown = '';
  const showOne = (item: Element, one: Seen, isOwn: boolean): void => {
    const node = item as HTMLElement;
    if (node.dataset.done !== undefined && Number(node.dataset.done) < one.done) {
      node.classList.remove('sends');
      void node.offsetWidth; // begins the animation anew
      node.classList.add('sends');
    }
    node.dataset.done = String(one.done);
    node.dataset.kind = isOwn ? 'you' : one.simulated ? 'simulated' : 'real';
    node.classList.toggle('dropped', one.dropped !== undefined);
    node.style.setProperty('--done', String(one.done / PHASES.length));
    const says = one.dropped === undefined ? SAYS[one.done] : `vanished: ${droppedAt(one)}`;
    node.title = `${one.name}${isOwn ? ' (you)' : ''}: ${says}`;
    (node.lastElementChild as HTMLElement).textContent = `: ${says}`;
  };
  return ({ clients, round, seats, stage }, own) => {
    const isWaiting = stage === 'lobby' && clients.length === 0;
    const key = isWaiting ? `seats ${seats}` : `${round} ${clients.map(({ name }) => name).join()}`;
    if (key !== shown) {
      shown = key;
      const names = isWaiting
        ? Array.from({ length: seats }, () => '')
        : clients.map(({ name }) => name);
      list.style.setProperty('--count', String(names.length));
      list.replaceChildren(...names.map(nodeOf));
    }
    for (const [i, one] of clients.entries()) {
      showOne(list.children[i] as Element, one, one.name === own);
    }
  };
}

function nodeOf(name: string, place: number): HTMLElement {
  const node = document.createElement('li');
  node.style.setProperty('--place', String(place));
  const label = document.createElement('span');
  label.textContent = name;
  const says = document.createElement('span');
  says.className = 'unseen';
  node.append(label, says);
  if (name === '') node.setAttribute('aria-hidden', 'true');
  return node;
}

/** What became of somebody who vanished. */
export function droppedAt({ dropped }: Pick<Seen, 'dropped'>): string {
  if (dropped === 'confirm' || dropped === 'unmask') return 'after its drawing was in: it counts';
  return dropped === 'mask' ? 'before its drawing was in: its masks are taken back' : 'early on';
}
