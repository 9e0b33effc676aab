import { render } from "preact";
import "./styles/index.css";
import { App } from "./app.tsx";
import { offerConsoleFunctions } from "./console-functions.ts";
import { greetAfterInstallation } from "./greet-after-installation.ts";
import { startLive } from "./live.ts";
import { watchForLinks } from "./sign-in-by-link.ts";
import { applyTheme } from "./theme.ts";

applyTheme();
greetAfterInstallation();
watchForLinks();
startLive();
offerConsoleFunctions();
const root = document.getElementById("app");
if (root) render(<App />, root);
