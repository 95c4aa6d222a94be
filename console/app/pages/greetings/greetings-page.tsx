import { useState } from 'preact/hooks';
import { ErrorMessage } from '../../parts/error-message.tsx';
import { Field } from '../../parts/field.tsx';
import { Form } from '../../parts/form.tsx';
import { Time } from '../../parts/time.tsx';
import { crm, customerView } from '../../services/client.ts';
import { createIdempotencyKeys } from '../../services/idempotency-keys.ts';
import { Problem } from '../../services/problem.ts';
import { useAction } from '../../services/use-action.ts';
import { useLoaded } from '../../services/use-loaded.ts';
import type { Page } from '../../services/use-pages.ts';

type Greeting = { readonly greetingId: string; readonly message: string; readonly postedAt: string };

/** Posts a greeting to the CRM, and shows it arrive in the customer-view. */
export const GreetingsPage = () => {
  const [message, setMessage] = useState('');
  const [posted, setPosted] = useState<Greeting>();
  const [keyOf, setKeyOf] = useState(() => createIdempotencyKeys());
  const posting = useAction();
  const list = useLoaded(
    'greetings',
    async (signal) => (await customerView.call<Page<Greeting>>('/greetings?limit=20', { signal })).body.items,
    { everyMs: 1_000 },
  );
  const post = async () => {
    const body = { message };
    const headers = { 'Idempotency-Key': keyOf(body) };
    setPosted((await crm.call<Greeting>('/greetings', { method: 'POST', headers, body })).body);
    setMessage('');
    // The same words again are another greeting.
    setKeyOf(() => createIdempotencyKeys());
    list.reload();
  };
  const hasArrived = list.value?.some(({ greetingId }) => greetingId === posted?.greetingId) ?? false;
  return (
    <>
      <h1>Greetings</h1>
      <p>The CRM publishes a greeting as an event, and the customer-view shows it when the event arrives.</p>
      <Form label="New greeting" error={posting.error} onSubmit={() => void posting.run(post)}>
        <Field
          label="Greeting"
          name="message"
          hint="It cannot be changed or deleted, so it must not name a person."
          value={message}
          error={posting.error instanceof Problem ? posting.error.expected('message') : undefined}
          onChange={setMessage}
        />
        <div class="actions">
          <button type="submit" disabled={posting.isRunning}>
            Post
          </button>
        </div>
      </Form>
      <p role="status" class="success">
        {posted &&
          (hasArrived ? 'Your greeting has arrived in the customer-view.' : 'Posted. Waiting for it to arrive…')}
      </p>
      <h2>The latest</h2>
      <ErrorMessage error={list.error} />
      {list.value?.length === 0 && <p>There are no greetings yet. Post the first one.</p>}
      <ul>
        {list.value?.map((greeting) => (
          <li key={greeting.greetingId}>
            {greeting.message}{' '}
            <span class="note">
              <Time at={greeting.postedAt} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
};
