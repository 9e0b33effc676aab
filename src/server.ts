/** The server. Its modules are imported after the compile cache is on, since compiling them takes most of a start. */
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./start.ts");
