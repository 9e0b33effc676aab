/**
 * A say before GitHub's: what it returns is the answer, undefined leaves the request to the next one and at last to the
 * stand-in. `next` gives that very answer, to be spoilt.
 */
export type Interceptor = (
  request: Request,
  next: () => Promise<Response>,
) => Response | undefined | Promise<Response | undefined>;

export interface Interceptors {
  add(interceptor: Interceptor): () => void;
  clear(): void;
  answer(
    request: Request,
    stand: (request: Request) => Promise<Response>,
  ): Promise<{ response: Response; intercepted: boolean }>;
}

export function createInterceptors(): Interceptors {
  const all = new Set<Interceptor>();
  return {
    /** Returns how to take it away again. */
    add(interceptor) {
      all.add(interceptor);
      return () => all.delete(interceptor);
    },
    clear: () => all.clear(),
    async answer(request, stand) {
      for (const interceptor of all) {
        const response = await interceptor(request.clone(), () => stand(request.clone()));
        if (response) return { response, intercepted: true };
      }
      return { response: await stand(request), intercepted: false };
    },
  };
}
