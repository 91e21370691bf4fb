// A step as an ordinary Lambda handler: the task's input in, its output out.

// Fails the task: TASKBACK_TERMINAL_ERRORS names it. Without a name of its own it would be reported as "Error".
class CardDeclined extends Error {
  name = "CardDeclined";
}

export const handler = async (event, context) => {
  const facts = context.clientContext.custom;
  console.log(`attempt ${facts["taskback.attempt"]} of task ${facts["taskback.fingerprint"].slice(0, 8)}`);
  if (event.total > 1000) {
    throw new CardDeclined("more than 1000");
  }
  return { approved: event.total };
};
