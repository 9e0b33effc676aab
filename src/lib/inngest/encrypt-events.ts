import { encryptionMiddleware, EncryptionService, isEncryptedValue } from "@inngest/middleware-encryption";
import { LibSodiumEncryptionService } from "@inngest/middleware-encryption/strategies/libSodium";
import { Middleware } from "inngest";

export interface EncryptionKeys {
  /** Null: nothing is encrypted, and what the fallback encrypted is still read. */
  key: string | null;
  /** The previous key, which only decrypts. */
  fallback: string | null;
}

/** The field of our events that has text of GitHub's objects. Queues read the others. */
const encryptedField = "observed";

/**
 * Middleware for the Inngest client. Encrypts what webhooks observed, and the results of steps, before they leave the process, and decrypts them
 * before functions see them.
 */
export function createEncryption({ key, fallback }: EncryptionKeys): Middleware.Class[] {
  const keys = [key, fallback].filter((each) => each !== null);
  const [first = ""] = keys;
  const service = new ExplainedEncryption(keys);

  /** Null when no key decrypts it. */
  async function tryToDecrypt(value: string): Promise<unknown> {
    return service.decrypt(value).catch(() => null);
  }

  /**
   * The event about a failed run contains the run's event, which the package leaves encrypted. What no key decrypts is left out: a replay then asks
   * GitHub.
   */
  class DecryptFailures extends Middleware.BaseMiddleware {
    readonly id = "pr-capture:decrypt-failures";

    override async transformFunctionInput(
      input: Middleware.TransformFunctionInputArgs,
    ): Promise<Middleware.TransformFunctionInputArgs> {
      const { event } = input.ctx;
      const observed: unknown = Object(Object(event.data?.event).data)[encryptedField];
      if (!isEncryptedValue(observed)) return input;
      const failed = event.data.event;
      const { [encryptedField]: _, ...rest } = failed.data;
      const plain = await tryToDecrypt(observed.data);
      const data = plain === null ? rest : { ...rest, [encryptedField]: plain };
      const decrypted = { ...event, data: { ...event.data, event: { ...failed, data } } };
      const ctx: typeof input.ctx = Object.assign(
        { ...input.ctx },
        { event: decrypted, events: [decrypted] },
      );
      return { ...input, ctx };
    }
  }

  const encrypt = encryptionMiddleware({
    key: first,
    encryptionService: service,
    eventEncryptionField: encryptedField,
    decryptOnly: key === null,
  }) as unknown as Middleware.Class; // its types are those of inngest's CommonJS build, which are the same
  return [encrypt, DecryptFailures];
}

/** libsodium's secretbox, with an error that says what to do. */
class ExplainedEncryption extends EncryptionService {
  readonly identifier: string;
  readonly #sodium: LibSodiumEncryptionService;

  constructor(keys: string[]) {
    super();
    this.#sodium = new LibSodiumEncryptionService(keys);
    this.identifier = this.#sodium.identifier;
  }

  encrypt(value: unknown): Promise<string> {
    return this.#sodium.encrypt(value);
  }

  async decrypt(value: string): Promise<unknown> {
    try {
      return await this.#sodium.decrypt(value);
    } catch (cause) {
      throw new Error(
        "An event was encrypted with another INNGEST_ENCRYPTION_KEY: set that one as INNGEST_ENCRYPTION_KEY_FALLBACK.",
        { cause },
      );
    }
  }
}
