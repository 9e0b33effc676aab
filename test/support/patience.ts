/** For `vi.waitFor`, whose default of one second is too short on a busy machine. A condition that never comes fails the test, later. */
export const patience = { timeout: 60_000, interval: 20 };
