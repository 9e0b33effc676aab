export type Payload = { action: string; [key: string]: unknown };

/** A webhook that GitHub would send. The caller decides when, in which order and how often to send it. */
export interface WebhookDelivery {
  /** The GUID in `x-github-delivery`. A redelivery has the same one. */
  id: string;
  name: string;
  payload: Payload;
  at: string;
  appId: number;
  installationId: number;
  repositoryId: number | null;
}
