/** Who holds how many shares (everybody knows), and what is asked. */
export const REGISTER: ReadonlyMap<string, number> = new Map([
  ['Adler', 400],
  ['Blum', 300],
  ['Conti', 200],
  ['Diaz', 200],
  ['Ekwe', 100],
  ['Fuchs', 100],
  ['Gupta', 100],
  ['Haas', 50],
  ['Ito', 50],
  ['Jung', 50],
  ['Kaya', 50],
]);

export const MOTIONS = ['approve the accounts', 'elect the board', 'pay a dividend'] as const;
export const CHOICES = ['for', 'against', 'abstain'] as const;

/** One answer to a motion. */
export type Choice = (typeof CHOICES)[number];

/** A ballot: an answer to each motion, and a mark from 0 to 10 for the year. */
export type Ballot = { readonly choices: readonly Choice[]; readonly mark: number };

/** What a ballot puts into the sum: behind each other for each motion, the shares for, against, abstaining. */
export const countsOf = (shares: number, { choices }: Ballot): Int32Array =>
  Int32Array.from(choices.flatMap((choice) => CHOICES.map((c) => (c === choice ? shares : 0))));
