// The entry of both pages: the address decides which one is loaded, and each is a file of its own.

import "./styles/base.css";
import { lazy, StrictMode, Suspense } from "react";
import { createRoot } from "react-dom/client";
import { Crash } from "./parts/crash.tsx";

const Dashboard = lazy(() => import("./pages/dashboard.tsx"));
const Product = lazy(() => import("./pages/product.tsx"));

const appName = /^\/app\/([^/]+)\/?$/.exec(window.location.pathname)?.[1];
const root = document.getElementById("root");
if (root === null) throw new Error("The page has no root element");

createRoot(root).render(
  <StrictMode>
    <Crash>
      <Suspense fallback={null}>{appName === undefined ? <Dashboard /> : <Product name={nameOf(appName)} />}</Suspense>
    </Crash>
  </StrictMode>,
);

function nameOf(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
