import { budgetJson } from "../budget.ts";
import { budgetOf, createInstallationToken } from "../credentials.ts";
import { attemptJson, recentAttempts } from "../delivery-log.ts";
import type { Attempt } from "../delivery-log.ts";
import { signDelivery } from "../delivery.ts";
import { accountJson } from "../json/account.ts";
import { appJson, conversionJson } from "../json/app.ts";
import { installationJson } from "../json/installation.ts";
import { repositoryJson } from "../json/repository.ts";
import { takeRegistered } from "../register-app.ts";
import { notFound, ok, refusal, suspended } from "../reply.ts";
import type { Reply } from "../reply.ts";
import { stamp } from "../world.ts";
import { countedPage, page, perPageOf } from "./page.ts";
import type { Context, Routes } from "./route.ts";

/** The routes that belong to no repository. */
export const appRoutes: Routes<Context> = {
  "GET app": (context) => asApp(context, () => ok(appJson(context.world, context.url))),

  "POST app-manifests/*code/conversions": ({ world, params, url }) => {
    const registered = takeRegistered(world, params["code"] ?? "");
    return registered ? { status: 201, body: conversionJson(world, registered, url) } : notFound();
  },

  "GET app/installations": (context) =>
    asApp(context, () => {
      const installations = [...context.world.state.installations.values()].filter(
        ({ deletedAt }) => deletedAt === null,
      );
      const base = `${context.url.origin}/app/installations`;
      return page(context.url, base, installations, (installation) =>
        installationJson(context.world, installation),
      );
    }),

  "GET app/installations/:id": (context) =>
    asApp(context, () => {
      const installation = liveInstallation(context);
      return installation ? ok(installationJson(context.world, installation)) : notFound();
    }),

  "POST app/installations/:id/access_tokens": (context) =>
    asApp(context, () => {
      const installation = liveInstallation(context);
      if (!installation) return notFound();
      if (installation.suspendedAt !== null) return suspended();
      const { token, expiresAt } = createInstallationToken(context.world, context.credentials, installation);
      const { permissions, repositorySelection } = installation;
      return {
        status: 201,
        body: { token, expires_at: stamp(expiresAt), permissions, repository_selection: repositorySelection },
      };
    }),

  // https://docs.github.com/rest/apps/webhooks#get-a-webhook-configuration-for-an-app
  "GET app/hook/config": (context) =>
    asApp(context, () => {
      const { url, hasSecret, insecureSsl } = context.world.app.hook;
      return ok({
        content_type: "json",
        insecure_ssl: insecureSsl ? "1" : "0",
        ...(hasSecret && { secret: "********" }),
        url,
      });
    }),

  "GET app/hook/deliveries": (context) =>
    asApp(context, () => {
      const { url, world, log } = context;
      const cursor = /^v1_(\d+)$/.exec(url.searchParams.get("cursor") ?? "")?.[1];
      const attempts = recentAttempts(world, log, url.searchParams.get("status")).filter(
        ({ id }) => cursor === undefined || id < BigInt(cursor),
      );
      const shown = attempts.slice(0, perPageOf(url));
      const last = shown.at(-1);
      const more = attempts.length > shown.length && last !== undefined;
      return ok(shown.map(attemptJson), more ? { link: nextDeliveries(url, last) } : {});
    }),

  "GET app/hook/deliveries/:id": (context) =>
    asApp(context, () => {
      const attempt = findAttempt(context);
      if (!attempt) return notFound();
      const { headers } = signDelivery("", attempt.delivery);
      return ok({
        ...attemptJson(attempt),
        url: "",
        request: { headers, payload: attempt.delivery.payload },
        response: { headers: {}, payload: null },
      });
    }),

  "POST app/hook/deliveries/:id/attempts": (context) =>
    asApp(context, () => {
      const attempt = findAttempt(context);
      if (!attempt) return notFound();
      context.log.redeliveries.push(attempt.delivery);
      return { status: 202, body: {} };
    }),

  "GET installation/repositories": (context) => {
    const { credential, world, url } = context;
    if (credential.kind !== "installation")
      return refusal(
        403,
        "You must authenticate with an installation access token in order to list repositories for an installation.",
      );
    const { repositories, repositorySelection } = credential.installation;
    const live = [...repositories].filter((repository) => !repository.deleted);
    return countedPage(url, `${url.origin}/installation/repositories`, live, (shown) => ({
      repository_selection: repositorySelection,
      repositories: shown.map((repository) => repositoryJson(world, repository)),
    }));
  },

  "GET rate_limit": ({ world, credentials, credential }) => {
    const core = budgetJson(budgetOf(world, credentials, credential, "core"));
    const graphql = budgetJson(budgetOf(world, credentials, credential, "graphql"));
    return ok({ resources: { core, graphql }, rate: core });
  },

  "GET users/*login": ({ world, params }) => {
    const account = world.state.logins.get((params["login"] ?? "").toLowerCase());
    return account ? ok(accountJson(world, account)) : notFound();
  },

  "GET user/:id": ({ world, params }) => {
    const account = world.state.accounts.get(Number(params["id"]));
    return account && !account.deleted ? ok(accountJson(world, account)) : notFound();
  },
};

function asApp(context: Context, answer: () => Reply): Reply {
  return context.credential.kind === "app" ? answer() : refusal(401, "A JSON web token could not be decoded");
}

function liveInstallation({ world, params }: Context) {
  const installation = world.state.installations.get(Number(params["id"]));
  return installation?.deletedAt === null ? installation : null;
}

function findAttempt({ log, params }: Context): Attempt | undefined {
  return log.attempts.find(({ id }) => String(id) === params["id"]);
}

function nextDeliveries(url: URL, last: Attempt): string {
  const query = new URLSearchParams(url.searchParams);
  query.set("cursor", `v1_${last.id}`);
  return `<${url.origin}/app/hook/deliveries?${query.toString()}>; rel="next"`;
}
