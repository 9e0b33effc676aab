/** The requests of the setup page. Their contract is in src/api. */
import type {
  FinishRequest,
  RegisteredAnswer,
  RegisterAnswer,
  RegisterRequest,
  SetupAnswer,
} from "../../api/setup-contract.ts";
import { request } from "../request.ts";

export const setupApi = {
  getSetup: (signal?: AbortSignal) => request<SetupAnswer>("GET", "/api/setup", { signal }),
  register: (body: RegisterRequest) => request<RegisterAnswer>("POST", "/api/setup/manifest", { body }),
  finish: (body: FinishRequest) => request<RegisteredAnswer>("POST", "/api/setup/app", { body }),
};
