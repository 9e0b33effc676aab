import { getServices } from "../../src/serverless.ts";

/** Every minute, what Inngest did not take when it was sent: here no process stays that could. */
export default async (): Promise<void> => {
  const { outbox } = await getServices();
  await outbox.drain();
};

export const config = { schedule: "* * * * *" };
