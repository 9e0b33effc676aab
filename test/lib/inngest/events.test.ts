import { expect, test } from "vitest";
import { isResendId, toJobEventId, toResendId } from "../../../src/lib/inngest/events/event-ids.ts";
import * as events from "../../../src/lib/inngest/events.ts";

test("eventNamesWithJob names every event but that of alerts, so that each has a job and a lost one is noticed", () => {
  const names = Object.values(events).flatMap((each) =>
    typeof each === "object" && "schema" in each && each !== events.failuresAlert ? [each.name] : [],
  );
  expect(names).toContain("capture/pr.details");
  expect(events.eventNamesWithJob.toSorted()).toEqual(names.toSorted());
});

test("a resent event, and what its run sends, belong to the jobs of the first event", () => {
  const resent = toResendId("guid:capture/pr.reviews", 2);
  expect(isResendId(resent)).toBe(true);
  expect(toJobEventId(resent)).toBe("guid:capture/pr.reviews");
  expect(isResendId(`${resent}:details`)).toBe(false); // an event of its own, which can be lost too
  expect(toJobEventId(`${resent}:details`)).toBe("guid:capture/pr.reviews:details");
});
