import { z } from "zod";
import { absentIfNull, numericId, shortText, text, type KnownColumns } from "./values.ts";

export const accountSchema = z.object({
  id: numericId,
  login: absentIfNull(shortText),
  type: absentIfNull(text),
});

/** Drops the extra fields of a reviewer. */
export const toAccount = (reviewer: z.output<typeof accountSchema>): z.output<typeof accountSchema> => ({
  id: reviewer.id,
  login: reviewer.login,
  type: reviewer.type,
});

/** REST and webhooks show this account instead of some deleted ones, for which GraphQL and other answers show null. */
export const ghostId = 10137;

/** Null: the account was deleted. */
export const author = accountSchema.nullish().overwrite((value) => (value?.id === ghostId ? null : value));

export const authorAssociation = absentIfNull(text);

export const hasLogin = <Item extends { login?: string | undefined }>(
  item: Item,
): item is Item & { login: string } => item.login !== undefined;
export const hasSlug = <Item extends { slug?: string | undefined }>(
  item: Item,
): item is Item & { slug: string } => item.slug !== undefined;

/** `derived`: the login is computed from GraphQL's, which has other names for bots than REST. */
export type GitHubAccount = z.output<typeof accountSchema> & { derived?: true };

export type AccountRow = KnownColumns<
  {
    id: number;
    login: string;
    type: string;
    /** The login is computed from GraphQL's: it names an account that has no login yet. */
    derived: true;
  },
  "id"
>;

/** Each account once, in its most complete form. Deleted accounts (null) and unknown ones (undefined) have no row. */
export function toAccounts(accounts: readonly (GitHubAccount | null | undefined)[]): AccountRow[] {
  const rows = new Map<number, AccountRow>();
  for (const account of accounts) {
    if (!account) continue;
    const { id, login, type, derived } = account;
    const known = rows.get(id);
    if (known && (login === undefined || (derived && known.login !== undefined))) continue;
    rows.set(id, { id, login, type: type ?? known?.type, ...(derived && { derived }) });
  }
  return [...rows.values()];
}

/** Null for a deleted account, undefined for an unknown one. */
export function accountIdOf(account: { id: number } | null | undefined): number | null | undefined {
  return account && account.id;
}
