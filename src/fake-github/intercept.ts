/**
 * Answers a request instead of the fake GitHub. Undefined passes the request on to the next interceptor or the fake GitHub. `next` returns
 * the fake GitHub's answer, for the interceptor to change.
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
    answerItself: (request: Request) => Promise<Response>,
  ): Promise<{ response: Response; intercepted: boolean }>;
}

export function createInterceptors(): Interceptors {
  const all = new Set<Interceptor>();
  return {
    add(interceptor) {
      all.add(interceptor);
      return () => all.delete(interceptor);
    },
    clear: () => all.clear(),
    async answer(request, answerItself) {
      for (const interceptor of all) {
        const response = await interceptor(request.clone(), () => answerItself(request.clone()));
        if (response) return { response, intercepted: true };
      }
      return { response: await answerItself(request), intercepted: false };
    },
  };
}
