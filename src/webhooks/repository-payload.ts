import { z } from "zod";
import { githubName } from "../lib/inngest/events.ts";
import { repositoryPlaceSchema } from "../lib/records/repository.ts";

interface NamedRepository {
  id: number;
  owner: { login: string };
  name: string;
}

/** Requires names that can stand in the path of a request. */
export function withValidNames<Repository extends NamedRepository>(schema: z.ZodType<Repository>) {
  return schema.superRefine(({ owner, name }, context) => {
    const names: [string[], string][] = [
      [["owner", "login"], owner.login],
      [["name"], name],
    ];
    for (const [path, value] of names) {
      for (const { message } of githubName.safeParse(value).error?.issues ?? [])
        context.addIssue({ code: "custom", path, message });
    }
  });
}

/** What every payload about a repository has. A repository's own webhook has no installation. */
export const repositoryPayload = z.object({
  repository: withValidNames(repositoryPlaceSchema),
  installation: z.object({ id: z.int().positive() }).nullish(),
});

/** The fields that every event about a repository has when a webhook caused it. */
export function toTarget({
  repository,
  installation,
}: {
  repository: NamedRepository;
  installation?: { id: number } | null | undefined;
}) {
  return {
    repository: { id: repository.id, owner: repository.owner.login, name: repository.name },
    installationId: installation?.id ?? null,
    reason: "webhook",
    priority: "high",
  } as const;
}
