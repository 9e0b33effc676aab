import { z } from "zod";

/** Where a GraphQL list continues. */
export const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });

export type PageInfo = z.output<typeof pageInfo>;
