/** Who may take part: made-up clients with keys of their own, and a roster that somebody vouches for. */
import {
  type ClientId,
  clientId,
  inMemorySigner,
  type Roster,
  type Signer,
  signRoster,
} from 'veilsum';

/** Enrolled clients. */
export type Enrolment = {
  /** Each client's signing key. In a deployment it stays on the client's own machine. */
  readonly signers: ReadonlyMap<ClientId, Signer>;
  /** The ids and public keys of all clients, signed. */
  readonly roster: Roster;
  /** Public key of whoever signed the roster; the clients know it beforehand. */
  readonly voucher: Uint8Array;
};

/** Enrols clients named `client-00`, `client-01` and so on, or by another name. */
export async function enrol(count: number, name: string = 'client'): Promise<Enrolment> {
  const voucher = inMemorySigner(); // not the coordinator: it could make up clients otherwise
  const digits = String(count - 1).length;
  const signers = new Map(
    Array.from({ length: count }, (_, i) => {
      const id = clientId(`${name}-${String(i).padStart(digits, '0')}`);
      return [id, inMemorySigner()] as const;
    }),
  );
  const entries = [...signers].map(([id, { publicKey }]) => ({ id, publicKey }));
  return { signers, roster: await signRoster(entries, voucher), voucher: voucher.publicKey };
}
