import { getServices } from "../../src/serverless.ts";

/** Every minute, sends the events in the outbox, resends lost ones, and runs the looks that are due. A server does this on timers. */
export default async (): Promise<void> => {
  const { outbox, looks } = await getServices();
  await outbox.drain();
  await Promise.all([outbox.resendLost(), looks.runDue()]);
};

export const config = { schedule: "* * * * *" };
