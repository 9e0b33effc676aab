import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { compareRows } from "../../src/testing/compare-rows.ts";
import { toTruth } from "../../src/testing/truth.ts";
import type { SqlDatabase } from "../../src/lib/embedded/sql-database.ts";
import { openTestDatabase } from "../support/database.ts";
import { openGitHub, type TestGitHub } from "../support/open-github.ts";
import { startApp, type TestApp } from "../support/start-app.ts";

/** Makes every fifth write of a row take up to 20 ms more, so that transactions hold their locks while others want them. */
async function slowWrites(db: SqlDatabase): Promise<void> {
  await db.exec(`
    create function public.write_slowly() returns trigger language plpgsql as $$
    begin
      if random() < 0.2 then perform pg_sleep(random() * 0.02); end if;
      return case when tg_op = 'DELETE' then old else new end;
    end $$;
    do $$
    declare
      each text;
    begin
      for each in select format('%I.%I', schemaname, tablename) from pg_tables
                   where schemaname in ('github', 'capture', 'embedded_inngest') loop
        execute 'create trigger aa_write_slowly before insert or update or delete on ' || each
          || ' for each row execute function public.write_slowly()';
      end loop;
    end $$`);
}

/** PGlite runs one transaction at a time. */
describe.runIf(inject("postgresServer"))("on a Postgres server", () => {
  let database: SqlDatabase;
  let github: TestGitHub;
  let app: TestApp;

  beforeAll(async () => {
    database = await openTestDatabase();
    await slowWrites(database);
    github = await openGitHub();
    app = await startApp(database, { GITHUB_API_URL: github.url });
  });
  afterAll(async () => {
    await app.close();
    await github.close();
    await database.close(); // fails if Postgres counted a deadlock
  });

  test("webhooks, first syncs and manual captures do not deadlock", async () => {
    const ann = github.createAccount({ login: "ann" });
    const bob = github.createAccount({ login: "bob" });
    const owners = Array.from({ length: 5 }, (_, index) => `acme-${index}`);
    for (const login of owners) {
      const owner = github.createOrganization({ login, members: [ann] });
      const repository = github.createRepository({ owner, name: "web" });
      github.install({ account: owner });
      for (let index = 0; index < 6; index++) {
        const on = github.openPullRequest({ repository, author: ann, files: [{ filename: `${index}.ts` }] });
        github.createIssueComment({ on, author: bob, body: "On the conversation" });
        github.submitReview({ pullRequest: on, author: bob, comments: [{ body: "On the diff" }] });
      }
    }
    await Promise.all(github.deliveries.map(app.deliver));
    await app.idle();
    await database.exec("delete from github.pull_requests"); // so that they appear while the syncs take their inventories
    const { queue } = app.services;
    await Promise.all(
      owners.flatMap((owner) => [
        queue.queueBackfill(`${owner}/web`, { all: true }),
        ...[1, 2, 3, 4, 5, 6].map((number) => queue.queuePullRequest(`${owner}/web`, number)),
      ]),
    );
    await app.idle();
    expect(await compareRows(toTruth(github), (table) => app.rows(`github.${table}`))).toEqual([]);
  });
});
