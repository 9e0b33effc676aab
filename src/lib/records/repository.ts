import { z } from "zod";
import { absentIfNull, numericId, shortText, timestamp, type KnownColumns } from "./values.ts";
import { toStorableText } from "./storable-text.ts";

/** The owner and name of a repository, which `full_name` contains too. */
const repositoryNames = z.object({
  name: absentIfNull(shortText),
  owner: absentIfNull(z.object({ login: absentIfNull(shortText) })),
  full_name: absentIfNull(z.string().max(511).overwrite(toStorableText)),
});

function toRepositoryName<Shown extends z.output<typeof repositoryNames>>(
  { full_name, ...shown }: Shown,
  context: z.core.$RefinementCtx,
) {
  const [fullOwner, fullName] = full_name?.split("/") ?? [];
  const login = shown.owner?.login ?? fullOwner;
  const shortName = shown.name ?? fullName;
  if (login && shortName) return { ...shown, owner: { login }, name: shortName };
  context.addIssue({
    code: "custom",
    path: [shortName ? "owner" : "name"],
    message: "is missing, and so is full_name",
  });
  return z.NEVER;
}

/** A repository as `repository` payloads and REST contain it. */
export const repositorySchema = repositoryNames
  .extend({
    id: numericId,
    private: absentIfNull(z.boolean()),
    archived: absentIfNull(z.boolean()),
    default_branch: absentIfNull(shortText),
    updated_at: timestamp,
  })
  .transform(toRepositoryName);

/** Only the id and the names of a payload's repository. */
export const repositoryPlaceSchema = repositoryNames.extend({ id: numericId }).transform(toRepositoryName);

export type GitHubRepository = z.output<typeof repositorySchema>;

export function toRepository(repository: GitHubRepository) {
  return {
    private: repository.private,
    archived: repository.archived,
    default_branch: repository.default_branch,
    updated_at: repository.updated_at,
  };
}

/** The columns that only a repository object has. Its names are part of every observation. */
export type RepositoryRow = KnownColumns<ReturnType<typeof toRepository>, "updated_at">;
