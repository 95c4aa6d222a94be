export const NotFoundPage = () => (
  <>
    <h1>There is no such page</h1>
    <p>
      Go to the <a href="/console">start of the console</a>.
    </p>
  </>
);
