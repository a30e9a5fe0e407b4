export function HuntPage() {
  return <h1>Hunt</h1>;
}
