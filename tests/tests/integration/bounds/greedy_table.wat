;; Exports `tests:echo/echo.act`, which grows a table by 100 elements, or by 50,000 if the word begins with `l`; and an HTTP handler that
;; nobody calls, because every service has one.
(component
  (import "wasi:http/types@0.2.0" (instance $http
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $http "incoming-request" (type $incoming-request))
  (alias export $http "response-outparam" (type $response-outparam))

  (core module $guest
    (memory (export "memory") 1)
    (data (i32.const 16) "grown")
    (data (i32.const 32) "refused")
    (table $greedy 0 funcref)
    ;; The host hands over one short word; it may always lie in the same place.
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "handle") (param i32 i32) unreachable)
    (func (export "act") (param $word i32) (param $length i32) (result i32)
      (local $elements i32)
      (local.set $elements
        (select
          (i32.const 50000)
          (i32.const 100)
          (i32.eq (i32.load8_u (local.get $word)) (i32.const 108))))
      (if (i32.eq (table.grow $greedy (ref.null func) (local.get $elements)) (i32.const -1))
        (then
          ;; err("refused")
          (i32.store8 (i32.const 0) (i32.const 1))
          (i32.store (i32.const 4) (i32.const 32))
          (i32.store (i32.const 8) (i32.const 7)))
        (else
          ;; ok("grown")
          (i32.store8 (i32.const 0) (i32.const 0))
          (i32.store (i32.const 4) (i32.const 16))
          (i32.store (i32.const 8) (i32.const 5))))
      (i32.const 0)))
  (core instance $guest (instantiate $guest))

  (func $act (param "behaviour" string) (result (result string (error string)))
    (canon lift (core func $guest "act") (memory (core memory $guest "memory")) (realloc (core func $guest "realloc"))))
  (instance $echo (export "act" (func $act)))
  (export "tests:echo/echo@0.1.0" (instance $echo))

  (func $handle (param "request" (own $incoming-request)) (param "response-out" (own $response-outparam))
    (canon lift (core func $guest "handle")))
  (instance $handler (export "handle" (func $handle)))
  (export "wasi:http/incoming-handler@0.2.0" (instance $handler)))
