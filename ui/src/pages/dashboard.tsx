// placeholder while the product page is tried
export default function Dashboard() {
  return <p>soon</p>;
}
