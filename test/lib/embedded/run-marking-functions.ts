import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";
import { createGate, startEngine } from "./engine-harness.ts";
import { createMarkingFunctions, EVENTS } from "./marking-functions.ts";

/** A process to be killed: it says so when its events are accepted, and some, but not all of them, worked on. */
const [folder = ""] = process.argv.slice(2);
process.once("disconnect", () => process.exit()); // never outlives its test
const db = await openPglite(folder);
await db.exec("create table marks (n integer, step text)");

const ended = createGate();
ended.open();
const { inngest } = await startEngine({ db }, createMarkingFunctions(db, ended.pass));
await inngest.send(
  Array.from({ length: EVENTS }, (_, n) => ({ id: `mark ${n}`, name: "a/mark", data: { n } })),
);
await ended.passed(20);
process.send?.("accepted, and some ended");
