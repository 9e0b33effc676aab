#!/usr/bin/env node
/** The CLI. Its modules are imported after the compile cache is on, since compiling them takes most of a command. */
import { enableCompileCache } from "node:module";

enableCompileCache();
await import("./cli/program.ts");
