import { openPglite } from "../../../src/lib/embedded/open-pglite.ts";

/** A process that commits a row to the folder of its first argument and then holds it until it is killed. */
const [folder = ""] = process.argv.slice(2);
const db = await openPglite(folder);
await db.exec("create table kept (id int); insert into kept values (1)");
process.once("disconnect", () => process.exit()); // never outlives its test
process.send?.("ready");
setInterval(() => {}, 60_000);
