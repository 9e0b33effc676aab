import { Inngest } from "inngest";
import { Probot } from "probot";

/** The function that the benchmark of cold starts compares with: Probot, and a listener that awaits one `inngest.send` with names. */
const inngest = new Inngest({ id: "plain" });
const { APP_ID: appId = "", PRIVATE_KEY: privateKey = "", WEBHOOK_SECRET: secret = "" } = process.env;
const probot = new Probot({ appId, privateKey, secret });
await probot.load((app) => {
  app.on("pull_request", async ({ id, name, payload }) => {
    const { action, repository, pull_request } = payload;
    const data = { action, repository: repository.full_name, number: pull_request.number };
    await inngest.send({ id, name: `github/${name}`, data });
  });
});

export default async (request: Request): Promise<Response> => {
  await probot.webhooks.verifyAndReceive({
    id: request.headers.get("x-github-delivery") ?? "",
    name: request.headers.get("x-github-event") ?? "",
    signature: request.headers.get("x-hub-signature-256") ?? "",
    payload: await request.text(),
  });
  return new Response("ok\n");
};

export const config = { path: "/api/github/webhooks" };
