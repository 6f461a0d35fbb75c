import { Name } from "../parts/name.tsx";
import { hrefOf } from "../routing/route.ts";

/** A link to the page of a supplier, with its id. */
export function SupplierLink({ supplierId, name }: { supplierId: string; name: string }) {
  return (
    <>
      <a href={hrefOf({ page: "supplier", supplierId })}>
        <Name>{name || supplierId}</Name>
      </a>
      {name !== "" && (
        <>
          {" "}
          (<Name>{supplierId}</Name>)
        </>
      )}
    </>
  );
}
