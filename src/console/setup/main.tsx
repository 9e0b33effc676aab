import { render } from "preact";
import "../styles/index.css";
import { watchForLinks } from "../sign-in-by-link.ts";
import { applyTheme } from "../theme.ts";
import { takeReturn } from "./github-return.ts";
import { SetupPage } from "./setup-page.tsx";

applyTheme();
takeReturn();
watchForLinks();
const root = document.getElementById("app");
if (root) render(<SetupPage />, root);
